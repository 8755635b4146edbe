package folio.inference.api.http;

import static org.assertj.core.api.Assertions.assertThat;

import folio.inference.CheckpointFolder;
import io.quarkus.test.common.WithTestResource;
import io.quarkus.test.junit.QuarkusTest;
import io.quarkus.test.junit.QuarkusTestProfile;
import io.quarkus.test.junit.TestProfile;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.restassured.RestAssured;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Singleton;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The name of a client behind a trusted proxy, which the test plays. */
@QuarkusTest
@WithTestResource(CheckpointFolder.class)
@TestProfile(ClientNameTest.TrustedProxy.class)
class ClientNameTest {
  /** The settings that operations.md names. */
  public static final class TrustedProxy implements QuarkusTestProfile {
    @Override
    public Map<String, String> getConfigOverrides() {
      return Map.of(
          "quarkus.http.proxy.proxy-address-forwarding", "true",
          "quarkus.http.proxy.trusted-proxies", "127.0.0.1");
    }
  }

  /** A filter that tells the client its name. */
  @Singleton
  static class NameHeader {
    void register(@Observes Filters filters) {
      filters.register(
          http -> {
            http.response().putHeader("X-Client-Name", ClientName.of(http));
            http.next();
          },
          1);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "203.0.113.7, 203.0.113.7",
    "2001:db8:1:2:3:4:5:6, 20010db800010002",
    "2001:db8:1:2::1, 20010db800010002"
  })
  void isTheAddressThatTheProxyNames(String forwarded, String name) {
    assertThat(
            RestAssured.given()
                .header("X-Forwarded-For", forwarded)
                .get("/parameters")
                .header("X-Client-Name"))
        .isEqualTo(name);
  }

  @Test
  void isTheAddressOfTheConnectionWithoutAProxy() {
    assertThat(RestAssured.get("/parameters").header("X-Client-Name")).isEqualTo("127.0.0.1");
  }
}
