package folio.inference.auth;

/** A listener for the outcomes of authentication. Called on any thread. */
public interface AuthenticationListener {
  /**
   * Receives the outcome of one request that needs a key.
   *
   * @param client the client's name; empty if its key is unknown
   * @param outcome admitted, unauthorized, too_often or too_many
   */
  void authenticated(String client, String outcome);
}
