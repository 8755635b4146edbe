package folio.benchmark.process;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The CPU time and memory that a process used in a measurement window.
 *
 * @param cpu CPU seconds per second, of all threads
 * @param eventLoopCpu CPU seconds per second, of the Vert.x event loops
 * @param workerCpu CPU seconds per second, of the engine's worker threads; {@code decodeCpu} in raw
 *     results
 * @param residentBytes resident memory at the end of the window
 * @param peakBytes the largest resident memory since the process started
 */
public record ProcessUsage(
    double cpu,
    double eventLoopCpu,
    @JsonProperty("decodeCpu") double workerCpu,
    long residentBytes,
    long peakBytes) {}
