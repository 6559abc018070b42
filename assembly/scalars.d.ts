/** The AssemblyScript scalars of the shared core, as tsc and the bundler see them. */
type i32 = number;
type f64 = number;
