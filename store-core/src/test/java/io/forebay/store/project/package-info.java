/**
 * What holds for the repository and not for a store: the order of packages and folders, public Javadoc, documents, files of the
 * build.
 */
package io.forebay.store.project;
