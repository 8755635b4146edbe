/** The service's configuration, and the one class that joins its packages and runs them. */
package folio.inference;
