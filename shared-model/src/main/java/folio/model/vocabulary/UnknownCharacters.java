package folio.model.vocabulary;

import java.util.Locale;
import java.util.Optional;

/** The treatment of the characters of a text that a vocabulary does not have. */
public enum UnknownCharacters {
  /** The text is rejected. */
  REJECT,
  /** They are left out. */
  SKIP,
  /** They become the unknown entry. A vocabulary without one rejects the text. */
  REPLACE;

  /** The names of all constants, for messages. */
  public static final String NAMES = "reject, skip or replace";

  /** Returns the constant of a lower-case name, or empty if there is none. */
  public static Optional<UnknownCharacters> named(String name) {
    for (UnknownCharacters constant : values()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(name)) {
        return Optional.of(constant);
      }
    }
    return Optional.empty();
  }
}
