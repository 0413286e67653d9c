using Xunit.Sdk;
using Xunit.v3;

// An emulated machine keeps a CPU of this computer busy: as many tests at a time as the smallest computer has CPUs.
[assembly: Parallelization(Mode = ParallelMode.All, MaxThreads = 2)]
