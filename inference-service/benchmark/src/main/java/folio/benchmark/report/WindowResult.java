package folio.benchmark.report;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import folio.benchmark.process.ProcessUsage;

/**
 * The result of one system in one measurement window.
 *
 * @param charactersPerSecond throughput of all streams
 * @param latency latencies that the clients measured; null for a system without HTTP clients
 * @param usage CPU time and memory of the system's process; null if they were not measured
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record WindowResult(double charactersPerSecond, Latency latency, ProcessUsage usage) {
  /**
   * The latencies that the clients measured; a component is null if nothing was counted for it.
   *
   * @param firstCharacter from opening a stream to its first character, with all streams opened at
   *     once
   * @param firstCharacterUnderLoad the same for a stream that replaces one of the running streams;
   *     {@code newcomer} in raw results
   * @param characterGap between two characters of a stream; 0 within one event
   * @param eventGap between two events of a stream
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record Latency(
      Percentiles firstCharacter,
      @JsonProperty("newcomer") Percentiles firstCharacterUnderLoad,
      Percentiles characterGap,
      Percentiles eventGap) {}
}
