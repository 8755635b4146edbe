package folio.benchmark;

/**
 * What a process used while it was measured.
 *
 * @param cpu CPU seconds a second, of all its threads
 * @param eventLoopCpu of those, the event loops'
 * @param decodeCpu of those, the lanes'
 * @param residentBytes memory at the end
 * @param peakBytes most memory since it started
 */
record Usage(
    double cpu, double eventLoopCpu, double decodeCpu, long residentBytes, long peakBytes) {}
