package folio.inference.engine;

import java.util.HashMap;
import java.util.Map;

/** How many slots or rows each client has. Not safe for several threads. */
final class ClientShares {
  private final Map<String, Integer> counts = new HashMap<>();

  /** Returns how many a client has. */
  int of(String client) {
    return counts.getOrDefault(client, 0);
  }

  void add(String client, int count) {
    counts.merge(client, count, Integer::sum);
  }

  void remove(String client, int count) {
    counts.computeIfPresent(client, (name, before) -> before == count ? null : before - count);
  }
}
