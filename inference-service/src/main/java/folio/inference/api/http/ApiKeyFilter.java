package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemWriter;
import folio.inference.auth.ApiKeyAuthenticator;
import folio.inference.auth.ApiKeyAuthenticator.Outcome;
import folio.inference.auth.AuthenticationListener;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * Asks for a key, if there is a file of keys: for everything but the page itself, the ranges of
 * parameters, the description of the service, its health and its metrics.
 */
@Singleton
final class ApiKeyFilter {
  /** What needs no key. JAX-RS has more than one way to write a path; these have but this one. */
  private static final Pattern OPEN =
      Pattern.compile(
          "/(index\\.html|page/[a-z]+\\.(css|js)|parameters|metrics|q(/[a-zA-Z0-9._/-]*)?)?");

  private static final Logger LOG = Logger.getLogger(ApiKeyFilter.class);
  private static final String SETTING = "folio.keys";

  private static final Duration LOOK_INTERVAL = Duration.ofSeconds(1);

  private final ProblemWriter problems;
  private final AuthenticationListener listener;
  private final ApiKeyAuthenticator access;

  /**
   * With the file, if there is one.
   *
   * @throws folio.inference.auth.ApiKeyFileException if it cannot be used; the service does not
   *     start then
   */
  ApiKeyFilter(
      ProblemWriter problems,
      AuthenticationListener listener,
      Vertx vertx,
      @ConfigProperty(name = SETTING) Optional<Path> file) {
    if (file.isEmpty()
        && "".equals(ConfigProvider.getConfig().getConfigValue(SETTING).getRawValue())) {
      throw new ConfigurationException(
          SETTING + " is empty; legal is a file, or not to set it: nobody needs a key then");
    }
    LOG.info(file.isPresent() ? "clients need a key" : "nobody needs a key");
    this.problems = problems;
    this.listener = listener;
    this.access = file.map(ApiKeyAuthenticator::new).orElse(null);
    if (access != null) {
      vertx.setPeriodic(
          LOOK_INTERVAL.toMillis(),
          timer ->
              vertx.executeBlocking(
                  () -> {
                    access.refresh();
                    return null;
                  }));
    }
  }

  /** Goes on with the request if its client may have it answered. */
  void admit(RoutingContext http) {
    if (access == null || OPEN.matcher(http.normalizedPath()).matches()) {
      http.next();
      return;
    }
    Outcome outcome = access.admit(http.request().getHeader("Authorization"));
    if (outcome instanceof Outcome.Admitted admitted) {
      listener.asked(admitted.client(), "admitted");
      http.addEndHandler(end -> admitted.over().run());
      http.next();
    } else if (outcome instanceof Outcome.TooOften often) {
      listener.asked(often.client(), "too_often");
      later(http, often.retryAfter());
      problems.answer(
          http,
          tooManyRequests(
              "too_often", often.client() + " may send " + often.perSecond() + " a second"));
    } else if (outcome instanceof Outcome.TooMany many) {
      listener.asked(many.client(), "too_many");
      later(http, Duration.ofSeconds(1));
      problems.answer(
          http,
          tooManyRequests(
              "too_many", many.client() + " may have " + many.allowed() + " answered at a time"));
    } else {
      listener.asked("", "unauthorized");
      http.response().putHeader("WWW-Authenticate", "Bearer");
      problems.answer(
          http,
          Problem.of(
              401,
              "Unauthorized",
              "unauthorized",
              "a key is needed, as Authorization: Bearer KEY; the one given is not known"));
    }
  }

  private static Problem tooManyRequests(String reason, String detail) {
    return Problem.of(429, "Too Many Requests", reason, detail);
  }

  private static void later(RoutingContext http, Duration after) {
    http.response().putHeader("Retry-After", String.valueOf(Math.max(1, after.toSeconds() + 1)));
  }
}
