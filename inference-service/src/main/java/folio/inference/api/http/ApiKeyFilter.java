package folio.inference.api.http;

import folio.inference.api.problem.Problem;
import folio.inference.api.problem.ProblemWriter;
import folio.inference.auth.ApiKeyAuthenticator;
import folio.inference.auth.ApiKeyAuthenticator.Outcome;
import folio.inference.auth.ApiKeyFileException;
import folio.inference.auth.AuthenticationListener;
import folio.model.storage.UserPath;
import io.quarkus.runtime.configuration.ConfigurationException;
import io.vertx.core.Vertx;
import io.vertx.ext.web.RoutingContext;
import jakarta.inject.Singleton;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response.Status;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.regex.Pattern;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.logging.Logger;

/**
 * The filter that authenticates requests, if a key file is configured. The page, the parameters'
 * ranges, the OpenAPI description, health and metrics need no key.
 */
@Singleton
final class ApiKeyFilter {
  /**
   * The paths that need no key. The list names the open paths, not the protected ones, because
   * JAX-RS accepts several spellings of a path ({@code /models}, {@code /models;a=b}): an unusual
   * spelling of an open path is rejected, and no spelling of a protected path is let through.
   */
  private static final Pattern OPEN_PATH =
      Pattern.compile(
          "/(index\\.html|page/[a-z]+\\.(css|js)|parameters|metrics|q(/[a-zA-Z0-9._/-]*)?)?");

  private static final Logger LOG = Logger.getLogger(ApiKeyFilter.class);
  private static final String SETTING = "folio.keys";

  private static final Duration REFRESH_INTERVAL = Duration.ofSeconds(1);

  /** The {@code Retry-After} of a client at its concurrency limit; any request may end at once. */
  private static final Duration CONCURRENCY_RETRY = Duration.ofSeconds(1);

  private final ProblemWriter problems;
  private final AuthenticationListener listener;
  private final ApiKeyAuthenticator authenticator;

  /**
   * Reads the key file, if one is configured, and starts to refresh it once a second.
   *
   * @throws ConfigurationException if the file is unusable; the service does not start then
   */
  ApiKeyFilter(
      ProblemWriter problems,
      AuthenticationListener listener,
      Vertx vertx,
      @ConfigProperty(name = SETTING) Optional<Path> file) {
    if (file.isEmpty()
        && "".equals(ConfigProvider.getConfig().getConfigValue(SETTING).getRawValue())) {
      throw new ConfigurationException(
          SETTING + " is empty; it must be a file. Unset it to serve without API keys.");
    }
    LOG.infof("API keys required=%b", file.isPresent());
    this.problems = problems;
    this.listener = listener;
    this.authenticator = file.map(ApiKeyFilter::authenticator).orElse(null);
    if (authenticator != null) {
      vertx.setPeriodic(
          REFRESH_INTERVAL.toMillis(),
          timer ->
              vertx.executeBlocking(
                  () -> {
                    authenticator.refresh();
                    return null;
                  }));
    }
  }

  private static ApiKeyAuthenticator authenticator(Path file) {
    try {
      return new ApiKeyAuthenticator(UserPath.of(file.toString()));
    } catch (ApiKeyFileException e) {
      // Without a cause, Quarkus prints the message alone.
      throw new ConfigurationException(SETTING + ": " + e.getMessage());
    }
  }

  /** Passes the request on if it needs no key or its client is within its limits. */
  void admit(RoutingContext http) {
    if (authenticator == null || OPEN_PATH.matcher(http.normalizedPath()).matches()) {
      http.next();
      return;
    }
    Outcome outcome = authenticator.authenticate(http.request().getHeader("Authorization"));
    listener.authenticated(outcome.client(), outcome.wireName());
    outcome.handle(new Answer(http));
  }

  /** The answer to one request by the outcome of its authentication. */
  private final class Answer implements Outcome.Handler {
    private final RoutingContext http;

    Answer(RoutingContext http) {
      this.http = http;
    }

    @Override
    public void admitted(Outcome.Admitted outcome) {
      http.addEndHandler(end -> outcome.release().run());
      ClientName.set(http, outcome.client());
      http.next();
    }

    @Override
    public void unknownKey(Outcome.UnknownKey outcome) {
      http.response().putHeader(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
      problems.answer(
          http,
          Problem.of(
              Status.UNAUTHORIZED,
              outcome.wireName(),
              "the request has no API key, or an unknown one; send a valid one as Authorization:"
                  + " Bearer KEY"));
    }

    @Override
    public void rateExceeded(Outcome.RateExceeded outcome) {
      retryLater(
          outcome, outcome.retryAfter(), "requests_per_second is " + outcome.requestsPerSecond());
    }

    @Override
    public void concurrencyExceeded(Outcome.ConcurrencyExceeded outcome) {
      retryLater(
          outcome, CONCURRENCY_RETRY, "concurrent_requests is " + outcome.concurrentRequests());
    }

    private void retryLater(Outcome outcome, Duration after, String limit) {
      http.response()
          .putHeader(HttpHeaders.RETRY_AFTER, String.valueOf(Math.max(1, after.toSeconds() + 1)));
      problems.answer(
          http,
          Problem.of(
              Status.TOO_MANY_REQUESTS,
              outcome.wireName(),
              outcome.client() + " exceeds its limit: " + limit + "; retry later"));
    }
  }
}
