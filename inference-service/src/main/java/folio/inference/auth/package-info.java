/** Who may ask for what, and how often: API keys and their limits. */
package folio.inference.auth;
