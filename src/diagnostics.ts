/** @module Warnings: to `diag` when a logger is set, else one stderr line each. */
