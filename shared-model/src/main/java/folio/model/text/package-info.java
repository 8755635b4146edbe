/** Texts of others in messages for people. */
package folio.model.text;
