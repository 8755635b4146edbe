package folio.benchmark;

import com.fasterxml.jackson.annotation.JsonInclude;
import folio.benchmark.LatencyHistogram.Percentiles;

/**
 * What was measured of one side in one window.
 *
 * @param charactersPerSecond of all streams together
 * @param latency as its clients saw it; null for a side without clients
 * @param usage of its process; null if that was not looked at
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Figures(double charactersPerSecond, Latency latency, Usage usage) {
  /**
   * How long clients waited. Null stands for what did not come twice.
   *
   * @param firstCharacter from opening a stream, when all were opened at once
   * @param newcomer from opening a stream that joins all others but one, which run
   * @param characterGap between two characters of a stream; 0 inside one event
   * @param eventGap between two events of a stream
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Latency(
      Percentiles firstCharacter,
      Percentiles newcomer,
      Percentiles characterGap,
      Percentiles eventGap) {}
}
