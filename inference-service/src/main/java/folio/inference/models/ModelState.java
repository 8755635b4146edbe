package folio.inference.models;

import java.util.Locale;

/** Where a resident model is in its life. */
public enum ModelState {
  /** Loaded, not yet warm. */
  CANDIDATE,
  /** New requests go to it. */
  CURRENT,
  /** Its last requests run. */
  RETIRING;

  /** As it is written on the wire. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
