package folio.inference.models;

import java.util.Locale;

/** The state of a resident model as the API shows it. */
public enum ModelState {
  /** Loaded, not yet warm on every worker. */
  CANDIDATE,
  /** New requests run on it. */
  CURRENT,
  /** It takes no new requests by default; those that it began with still run. */
  RETIRING;

  /** Returns the name that is used on the wire. */
  public String wireName() {
    return name().toLowerCase(Locale.ROOT);
  }
}
