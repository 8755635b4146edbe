package folio.inference.models;

import java.util.Locale;

/** The state of a resident model as the API shows it. */
public enum ModelState {
  /** Loaded, not yet warm on every worker. */
  CANDIDATE,
  /** New requests run on it. */
  CURRENT,
  /** Only requests that name its version start on it. Its running requests continue. */
  RETIRING;

  /** Returns the name that is used on the wire. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
