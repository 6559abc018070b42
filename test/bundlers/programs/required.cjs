const { stats } = require('spandrel');

exports.engineOf = () => stats().engine;
