package folio.inference.observability;

import folio.inference.auth.AuthenticationListener;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;

/** The counter {@code folio_key_requests_total}, by client and outcome of authentication. */
@Singleton
final class KeyMetrics implements AuthenticationListener {
  private final MeterRegistry registry;

  KeyMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void authenticated(String client, String outcome) {
    registry.counter("folio.key.requests", "client", client, "outcome", outcome).increment();
  }
}
