/** The mapping between Unicode code points and token ids. */
package folio.model.vocabulary;
