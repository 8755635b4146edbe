package folio.benchmark.report;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * A result with its round, number of streams and system; one line of the raw results.
 *
 * @param round the round's number, from 1
 * @param streams the number of concurrent streams
 * @param system {@code side} in raw results
 */
public record Measurement(
    int round,
    int streams,
    @JsonProperty("side") SystemName system,
    @JsonUnwrapped WindowResult result) {}
