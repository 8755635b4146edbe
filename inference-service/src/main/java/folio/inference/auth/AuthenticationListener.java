package folio.inference.auth;

/** Counts what requests that need a key come to. Called by any thread. */
public interface AuthenticationListener {
  /**
   * A request was looked at.
   *
   * @param client its name; empty if its key is not known
   * @param outcome admitted, unauthorized, too_often or too_many
   */
  void asked(String client, String outcome);
}
