package folio.inference.generation;

import java.time.Duration;

/**
 * How long the parts of a generation took.
 *
 * @param queued from its arrival to its slot
 * @param firstToken from its arrival to its first character
 * @param total from its arrival to its last
 */
public record Timings(Duration queued, Duration firstToken, Duration total) {}
