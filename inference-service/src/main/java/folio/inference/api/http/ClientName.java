package folio.inference.api.http;

import io.netty.util.NetUtil;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.RoutingContext;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * The name of a request's client, by which the engine shares slots fairly: that of its API key,
 * else its address. Behind a proxy that is configured as trusted, the server replaces the
 * connection's address by the one that the proxy names.
 */
public final class ClientName {
  private static final String KEY = ClientName.class.getName();

  /** The length of the network part of an IPv6 address: a client owns all addresses below it. */
  private static final int NETWORK_BYTES = 8;

  private ClientName() {}

  /** Sets the name of a client that has an API key. */
  static void set(RoutingContext http, String keyName) {
    http.put(KEY, "key " + keyName);
  }

  /** Returns the name of a request's client. */
  public static String of(RoutingContext http) {
    String keyName = http.get(KEY);
    if (keyName != null) {
      return keyName;
    }
    SocketAddress address = http.request().remoteAddress();
    return address == null ? "" : ofAddress(address.hostAddress());
  }

  /** Returns an IPv4 address, or the network of an IPv6 address. */
  static String ofAddress(String address) {
    byte[] bytes = address == null ? null : NetUtil.createByteArrayFromIpAddressString(address);
    if (bytes == null || bytes.length <= NETWORK_BYTES) {
      return String.valueOf(address);
    }
    return HexFormat.of().formatHex(Arrays.copyOf(bytes, NETWORK_BYTES));
  }
}
