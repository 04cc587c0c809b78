using Xunit.v3;

// Most of these tests wait, for a worker or a broker, and need little of a processor.
[assembly: Parallelization(MaxThreads = 4)]
