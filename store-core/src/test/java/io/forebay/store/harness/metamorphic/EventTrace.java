package io.forebay.store.harness.metamorphic;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** What happened in a run, in order, and a hash of all of it. One thread. */
final class EventTrace {
    private final MessageDigest digest;
    private final List<String> events = new ArrayList<>();

    EventTrace() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("Every JDK has SHA-256", e);
        }
    }

    void add(String event) {
        events.add(event);
        digest.update(event.getBytes(StandardCharsets.UTF_8));
        digest.update((byte) '\n');
    }

    /** Ends the trace: 16 hex digits. */
    String hash() {
        return HexFormat.of().formatHex(digest.digest(), 0, 8);
    }

    List<String> events() {
        return events;
    }
}
