package folio.benchmark;

import com.fasterxml.jackson.annotation.JsonUnwrapped;

/**
 * Figures and what they belong to.
 *
 * @param round from 1
 * @param streams streams at a time
 * @param side the name of {@link Side}
 */
record Measurement(int round, int streams, String side, @JsonUnwrapped Figures figures) {}
