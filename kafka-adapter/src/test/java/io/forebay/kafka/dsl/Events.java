package io.forebay.kafka.dsl;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A random run of input: few keys, deletions, time that moves on with late and very late records. */
final class Events {
    static final String LEFT = "left";
    static final String RIGHT = "right";
    static final String TABLE = "table";
    static final String[] TOPICS = {LEFT, RIGHT, TABLE};

    private Events() {}

    record Event(String topic, String key, String value, long timestamp) {}

    static List<Event> random(long seed, int count) {
        return random(seed, count, 120_000);
    }

    /** Time moves on by 2 seconds at most, and sometimes by up to {@code jumpMs}. */
    static List<Event> random(long seed, int count, int jumpMs) {
        Random random = new Random(seed);
        List<Event> events = new ArrayList<>();
        long now = 1_000_000;
        for (int i = 0; i < count; i++) {
            now += random.nextInt(50) == 0 ? random.nextInt(jumpMs) : random.nextInt(2_000);
            int lateness = random.nextInt(10);
            long timestamp = now - (lateness == 0 ? random.nextInt(60_000) : lateness < 4 ? random.nextInt(8_000) : 0);
            String topic = TOPICS[random.nextInt(TOPICS.length)];
            // keys that are prefixes of each other
            String key = "k".repeat(1 + random.nextInt(3)) + random.nextInt(3);
            String value = random.nextInt(12) == 0 ? null : String.valueOf(random.nextInt(100));
            events.add(new Event(topic, key, value, Math.max(0, timestamp)));
        }
        return events;
    }
}
