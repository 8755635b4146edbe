/** API keys: the key file, the authentication of requests, and each client's limits. */
package folio.inference.auth;
