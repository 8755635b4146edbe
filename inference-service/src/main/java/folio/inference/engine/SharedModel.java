package folio.inference.engine;

import folio.inference.models.LoadedModel;
import java.util.BitSet;

/** A model, and which lanes have it. All but {@link #model} belongs to {@link ModelRotation}. */
final class SharedModel {
  private final LoadedModel model;
  private final BitSet holders = new BitSet();
  private final BitSet warm = new BitSet();
  private boolean fused = true;
  private boolean activated;
  private String lost;

  SharedModel(LoadedModel model) {
    this.model = model;
  }

  LoadedModel model() {
    return model;
  }

  BitSet holders() {
    return holders;
  }

  /** The lanes that have warmed it. */
  BitSet warm() {
    return warm;
  }

  /** Whether every lane that has warmed it decodes on its chip. */
  boolean fused() {
    return fused;
  }

  void disableFused() {
    fused = false;
  }

  /** Whether it ever was current. */
  boolean activated() {
    return activated;
  }

  void activate() {
    activated = true;
  }

  /** Why it must not be used any more, or null. */
  String lost() {
    return lost;
  }

  void lose(String message) {
    lost = message;
  }
}
