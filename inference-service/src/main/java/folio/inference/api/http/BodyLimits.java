package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.generation.MemoryBudget;
import jakarta.ws.rs.core.Response.Status;
import java.time.Duration;

/**
 * The limits of a body.
 *
 * @param bytes the size of the largest body
 * @param timeout the longest time from the last header to the last byte
 * @param memory the budget that counts the bytes of bodies that are not complete
 */
record BodyLimits(long bytes, Duration timeout, MemoryBudget memory) {
  /** The reason of a request whose headers or encoding are invalid. */
  static final String MALFORMED = "malformed_request";

  /** Returns the problem of a body that exceeds {@link #bytes}. */
  Problem tooLarge(String size) {
    // JAX-RS still has the title of RFC 2616 for 413.
    return Problem.of(
            413,
            "Content Too Large",
            "body_too_large",
            "the body has " + size + "; it must have at most " + bytes)
        .about("the body", size, "up to " + bytes + " bytes");
  }

  /** Returns the problem of a body that does not end in time. */
  Problem tooSlow(long received) {
    String limit = timeout.toMillis() / 1000.0 + " seconds";
    return Problem.of(
            Status.REQUEST_TIMEOUT,
            "request_timeout",
            "the body was not complete after " + limit + "; all of it must arrive within that time")
        .about("the body", received + " bytes so far", "all of it within " + limit);
  }

  /** Returns the problem of a body whose chunks or compression cannot be read. */
  static Problem unreadable(String legal) {
    return Problem.of(
            Status.BAD_REQUEST, MALFORMED, "the body cannot be decoded; it must be " + legal)
        .about("the body", null, legal);
  }
}
