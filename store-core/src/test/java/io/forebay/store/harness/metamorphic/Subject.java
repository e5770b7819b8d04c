package io.forebay.store.harness.metamorphic;

/** Something that a history can run on. One thread. Starts with one empty store, {@link History#FIRST_STORE}, in use. */
interface Subject extends AutoCloseable {
    String OK = "ok";
    /** No value, or a name that stands for nothing. */
    String NONE = "none";
    /** An iterator is not on an entry. */
    String END = "end";
    /** An iterator was to move and was not on an entry. */
    String NOT_VALID = "not valid";
    /** Arguments were refused. */
    String REFUSED = "refused";

    /** Does it, and says what came out, errors included. */
    String apply(Operation operation);

    /** Ends everything; throws {@link AssertionError} when something is left over. */
    @Override
    void close();
}
