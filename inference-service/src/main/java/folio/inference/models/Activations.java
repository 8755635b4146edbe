package folio.inference.models;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** The times in which each model was current, since the service started. Guarded by its owner. */
final class Activations {
  /** The number of times that are kept; the oldest are dropped. */
  private static final int MOST = 100;

  private final List<Activation> all = new ArrayList<>();

  /** Records that a model has become current in place of another. */
  void began(String version, Instant since) {
    ended(since);
    all.add(new Activation(version, since, null));
    if (all.size() > MOST) {
      all.remove(0);
    }
  }

  /** Records that no model is current any more. */
  void ended(Instant until) {
    if (!all.isEmpty() && all.get(all.size() - 1).until() == null) {
      Activation last = all.remove(all.size() - 1);
      all.add(new Activation(last.version(), last.since(), until));
    }
  }

  /** Returns the times, oldest first. */
  List<Activation> list() {
    return List.copyOf(all);
  }
}
