/** HTTP: resources, wire records, and one table from exception to problem document. */
package folio.inference.api;
