package folio.inference.models;

import java.time.Instant;

/**
 * A time in which a model was current.
 *
 * @param until null while it is current
 */
public record Activation(String version, Instant since, Instant until) {}
