package folio.inference.generation;

import java.time.Duration;

/**
 * The durations of a generation, each from the arrival of its request.
 *
 * @param queued the time until the request got a slot
 * @param firstToken the time until the first character; zero if there was none
 * @param total the time until the end
 */
public record Timings(Duration queued, Duration firstToken, Duration total) {}
