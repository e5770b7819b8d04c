package io.forebay.store.testing.interleave;

import java.util.Locale;

/** What a thread is about to do at a point: touch a place, or enter a monitor. */
final class Access {
    private enum Kind {
        BEGIN,
        WAIT,
        READ,
        WRITE,
        /** To a counter. Two of them commute: whoever is the last to let go, the same is let go. */
        ADD,
        ENTER
    }

    static final Access BEGIN = new Access(Kind.BEGIN, "begin", 0, 0);
    /** A round of a loop that waits for another thread. */
    static final Access WAIT = new Access(Kind.WAIT, "wait", 0, 0);

    private final Kind kind;
    private final Object place;
    private final int from;
    private final int to;

    private Access(Kind kind, Object place, int from, int to) {
        this.kind = kind;
        this.place = place;
        this.from = from;
        this.to = to;
    }

    /** @param name interned: the same place has the same name */
    static Access read(String name) {
        return new Access(Kind.READ, name, 0, 1);
    }

    /** As {@link #read}. */
    static Access write(String name) {
        return new Access(Kind.WRITE, name, 0, 1);
    }

    /** As {@link #read}. */
    static Access add(String name) {
        return new Access(Kind.ADD, name, 0, 1);
    }

    static Access memory(Object slab, int from, int bytes, boolean write) {
        return new Access(write ? Kind.WRITE : Kind.READ, slab, from, from + bytes);
    }

    static Access enter(Object monitor) {
        return new Access(Kind.ENTER, monitor, 0, 1);
    }

    boolean isWait() {
        return kind == Kind.WAIT;
    }

    boolean isEnter() {
        return kind == Kind.ENTER;
    }

    boolean isWrite() {
        return kind == Kind.WRITE || kind == Kind.ADD || kind == Kind.ENTER;
    }

    Object place() {
        return place;
    }

    /** True when it matters which of the two comes first. */
    boolean conflictsWith(Access other) {
        return place == other.place
                && (kind == Kind.ENTER) == (other.kind == Kind.ENTER)
                && (isWrite() || other.isWrite())
                && !(kind == Kind.ADD && other.kind == Kind.ADD)
                && from < other.to
                && other.from < to;
    }

    /** The same in every run, for comparisons and messages. */
    @Override
    public String toString() {
        String where = place instanceof String name ? name : place.getClass().getSimpleName();
        String what = kind == Kind.BEGIN || kind == Kind.WAIT ? "" : kind.name().toLowerCase(Locale.ROOT) + " ";
        return what + where + (place instanceof String || kind == Kind.ENTER ? "" : "[" + from + ".." + to + "]");
    }
}
