package io.forebay.store.harness.metamorphic;

import java.util.Locale;

/**
 * What an operation does. The signature has a letter for each word of the line: {@code k} key, {@code b} key or {@code *}
 * for no bound, {@code v} value, {@code n} name, {@code s} snapshot or {@code now}, {@code r} range, {@code i} count,
 * {@code d} direction; letters behind a slash repeat. Braces are for operations inside.
 */
enum Verb {
    PUT("kv"),
    MERGE("kv"),
    DELETE("k"),
    DELRANGE("kb"),
    DELPREFIX("k"),
    BATCH("{}"),
    GET("sk"),
    MULTIGET("s/k"),
    SCAN("srd"),
    ITER("nsr"),
    FIRST("n"),
    LAST("n"),
    SEEK("nk"),
    SEEKPREV("nk"),
    NEXT("ni"),
    PREV("ni"),
    SNAPSHOT("n"),
    /** Of an iterator, a snapshot or a checkpoint. */
    CLOSE("n"),
    COMMIT("v"),
    COMMITDURABLY("v"),
    /** Answers with the payload of the newest commit. */
    PAYLOAD(""),
    CHECKPOINT("nv"),
    /** Writes a checkpoint to a directory of its own, where it outlives its store. */
    EXPORT("n"),
    /** Makes a store of checkpoints, each clipped, and uses it: {@code restore B payload c1 [a,b) c2 [b,*)}. */
    RESTORE("nv/nr"),
    /** Goes on with another store, which is created when there is none. */
    USE("n"),
    /** Closes the store in use and forgets it. */
    DROP(""),
    INGEST("{}"),
    /** An ingest that is closed and not finished. */
    ABANDON("{}"),
    FLUSH(""),
    COMPACT(""),
    /** Reads all files and finds them as they should be. */
    VERIFY(""),
    /** Lets background work make steps. */
    STEP("i"),
    /** Lets seconds pass. */
    TICK("i"),
    /** Closes the store in use and opens it: without a log, what was not committed is gone. */
    REOPEN(""),
    /**
     * The machine stops: every store goes back to its last durable commit, or to its last write with a log that was synced.
     * Stores with commits that are not durable commit durably first, and logs that are only buffered are synced first, as
     * nobody could say otherwise where they would be.
     */
    CRASH("");

    final String signature;

    Verb(String signature) {
        this.signature = signature;
    }

    boolean hasInner() {
        return signature.equals("{}");
    }

    /** The kind of the word at {@code index}; 0 when there is none. */
    char kindOf(int index) {
        int slash = signature.indexOf('/');
        if (slash < 0) {
            return index < signature.length() && !hasInner() ? signature.charAt(index) : 0;
        }
        if (index < slash) {
            return signature.charAt(index);
        }
        int repeated = signature.length() - slash - 1;
        return signature.charAt(slash + 1 + (index - slash) % repeated);
    }

    boolean accepts(int words) {
        int slash = signature.indexOf('/');
        if (slash < 0) {
            return words == (hasInner() ? 0 : signature.length());
        }
        return words >= slash && (words - slash) % (signature.length() - slash - 1) == 0;
    }

    String text() {
        return name().toLowerCase(Locale.ROOT);
    }
}
