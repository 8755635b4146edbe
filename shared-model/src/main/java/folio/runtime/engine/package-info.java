/** The start of libtorch, with errors for the user. */
package folio.runtime.engine;
