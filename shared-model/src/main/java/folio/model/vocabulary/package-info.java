/** The mapping between characters (Unicode code points) and token ids. */
package folio.model.vocabulary;
