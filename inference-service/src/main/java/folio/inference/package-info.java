/** The service: its configuration, and the one place where its rooms are joined. */
package folio.inference;
