package folio.inference.observability;

import folio.inference.auth.AuthenticationListener;
import io.micrometer.core.instrument.MeterRegistry;
import jakarta.inject.Singleton;

/** {@code folio_key_requests_total}, by client and what its requests came to. */
@Singleton
final class KeyMetrics implements AuthenticationListener {
  private final MeterRegistry registry;

  KeyMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public void asked(String client, String outcome) {
    registry.counter("folio.key.requests", "client", client, "outcome", outcome).increment();
  }
}
