package io.forebay.store.harness.metamorphic;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Makes a history of a seed. Every history likes some verbs and leaves out others, so that rare company is met: many
 * overlapping range deletes and one snapshot, iterators and nothing but flushes, and so on.
 */
final class HistoryGenerator {
    private static final Map<Verb, Integer> WEIGHTS = new EnumMap<>(Verb.class);

    static {
        WEIGHTS.put(Verb.PUT, 240);
        WEIGHTS.put(Verb.MERGE, 60);
        WEIGHTS.put(Verb.DELETE, 50);
        WEIGHTS.put(Verb.DELRANGE, 40);
        WEIGHTS.put(Verb.DELPREFIX, 10);
        WEIGHTS.put(Verb.BATCH, 25);
        WEIGHTS.put(Verb.GET, 100);
        WEIGHTS.put(Verb.MULTIGET, 15);
        WEIGHTS.put(Verb.SCAN, 30);
        WEIGHTS.put(Verb.ITER, 20);
        WEIGHTS.put(Verb.FIRST, 10);
        WEIGHTS.put(Verb.LAST, 10);
        WEIGHTS.put(Verb.SEEK, 40);
        WEIGHTS.put(Verb.SEEKPREV, 40);
        WEIGHTS.put(Verb.NEXT, 60);
        WEIGHTS.put(Verb.PREV, 60);
        WEIGHTS.put(Verb.SNAPSHOT, 15);
        WEIGHTS.put(Verb.CLOSE, 20);
        WEIGHTS.put(Verb.COMMIT, 20);
        WEIGHTS.put(Verb.COMMITDURABLY, 5);
        WEIGHTS.put(Verb.PAYLOAD, 5);
        WEIGHTS.put(Verb.CHECKPOINT, 8);
        WEIGHTS.put(Verb.EXPORT, 4);
        WEIGHTS.put(Verb.RESTORE, 8);
        WEIGHTS.put(Verb.USE, 8);
        WEIGHTS.put(Verb.DROP, 3);
        WEIGHTS.put(Verb.INGEST, 10);
        WEIGHTS.put(Verb.ABANDON, 2);
        WEIGHTS.put(Verb.FLUSH, 10);
        WEIGHTS.put(Verb.COMPACT, 4);
        WEIGHTS.put(Verb.VERIFY, 3);
        WEIGHTS.put(Verb.STEP, 30);
        WEIGHTS.put(Verb.TICK, 5);
        WEIGHTS.put(Verb.REOPEN, 5);
        WEIGHTS.put(Verb.CRASH, 3);
    }

    private static final int MOST_STORES = 3;
    private static final int MOST_HELD = 4;

    private final Random random;
    private final Vocabulary words;
    private final List<Operation> operations = new ArrayList<>();
    private final int[] weights = new int[Verb.values().length];
    private final int mostIterators;
    private int total;
    private final List<String> stores = new ArrayList<>(List.of(History.FIRST_STORE));
    private final List<String> snapshots = new ArrayList<>();
    private final List<String> iterators = new ArrayList<>();
    private final List<String> checkpoints = new ArrayList<>();
    private int numbers;

    private HistoryGenerator(long seed) {
        random = new Random(seed);
        words = new Vocabulary(random);
        mostIterators = random.nextInt(5);
        WEIGHTS.forEach((verb, weight) -> {
            int mood = random.nextInt(8);
            weights[verb.ordinal()] = mood == 0 && verb != Verb.PUT ? 0 : mood == 1 ? weight * 5 : weight;
        });
        if (words.isMostlyDroppable()) {
            letFiltersWork();
        }
        for (int weight : weights) {
            total += weight;
        }
    }

    /** Open snapshots and iterators keep a filter from dropping anything; what it drops shows in checkpoints of then. */
    private void letFiltersWork() {
        weights[Verb.SNAPSHOT.ordinal()] /= 10;
        weights[Verb.ITER.ordinal()] /= 10;
        for (Verb verb : List.of(Verb.CHECKPOINT, Verb.RESTORE, Verb.DROP, Verb.COMMITDURABLY, Verb.CLOSE)) {
            weights[verb.ordinal()] = 5 * WEIGHTS.get(verb);
        }
    }

    static History history(long seed, int length) {
        HistoryGenerator generator = new HistoryGenerator(seed);
        while (generator.operations.size() < length) {
            generator.next();
        }
        generator.lookAtEverything();
        return new History(null, generator.operations);
    }

    private void next() {
        int dice = random.nextInt(total);
        for (Verb verb : Verb.values()) {
            dice -= weights[verb.ordinal()];
            if (dice < 0) {
                make(verb);
                return;
            }
        }
    }

    private void make(Verb verb) {
        switch (verb) {
            case PUT, MERGE, DELETE, DELRANGE, DELPREFIX -> operations.add(write(verb));
            case BATCH -> operations.add(batch());
            case INGEST, ABANDON -> operations.add(ingest(verb));
            case GET -> add(verb, source(), words.key());
            case MULTIGET -> multiGet();
            case SCAN -> add(verb, source(), words.range(), direction());
            case ITER -> openIterator();
            case FIRST, LAST -> onIterator(verb, null);
            case SEEK, SEEKPREV -> onIterator(verb, words.key());
            case NEXT, PREV -> onIterator(verb, Integer.toString(1 + random.nextInt(4)));
            case SNAPSHOT -> {
                if (snapshots.size() < MOST_HELD) {
                    add(verb, named("s", snapshots));
                }
            }
            case CLOSE -> close();
            case COMMIT, COMMITDURABLY -> add(verb, payload());
            case CHECKPOINT -> {
                if (checkpoints.size() < MOST_HELD) {
                    add(verb, named("c", checkpoints), payload());
                }
            }
            case EXPORT -> {
                if (!checkpoints.isEmpty()) {
                    add(verb, pick(checkpoints));
                }
            }
            case RESTORE -> restore();
            case USE -> {
                String name = stores.size() < MOST_STORES && random.nextInt(3) == 0 ? named("S", stores) : pick(stores);
                add(verb, name);
            }
            case DROP -> {
                if (stores.size() > 1) {
                    add(Verb.USE, stores.remove(1 + random.nextInt(stores.size() - 1)));
                    add(verb);
                }
            }
            case STEP -> add(verb, Integer.toString(1 + random.nextInt(6)));
            case TICK -> add(verb, Integer.toString(1 + random.nextInt(40)));
            case PAYLOAD, FLUSH, COMPACT, VERIFY, REOPEN, CRASH -> add(verb);
        }
    }

    private Operation write(Verb verb) {
        return switch (verb) {
            case PUT -> Operation.of(verb, words.key(), words.value());
            case MERGE -> Operation.of(verb, words.key(), words.operand());
            case DELETE -> Operation.of(verb, words.key());
            case DELPREFIX -> Operation.of(verb, words.prefix());
            default -> {
                byte[][] pair = words.pair();
                String end = random.nextInt(12) == 0 ? Words.NO_BOUND : Words.word(pair[1]);
                yield Operation.of(Verb.DELRANGE, Words.word(pair[0]), end);
            }
        };
    }

    private Operation batch() {
        List<Operation> inner = new ArrayList<>();
        for (int i = random.nextInt(random.nextInt(8) == 0 ? 120 : 8); i > 0; i--) {
            int dice = random.nextInt(8);
            inner.add(write(
                    dice < 4
                            ? Verb.PUT
                            : dice < 5
                                    ? Verb.DELETE
                                    : dice < 6 ? Verb.MERGE : dice < 7 ? Verb.DELRANGE : Verb.DELPREFIX));
        }
        return Operation.group(Verb.BATCH, inner);
    }

    private Operation ingest(Verb verb) {
        List<Operation> inner = new ArrayList<>();
        for (int i = random.nextInt(random.nextInt(4) == 0 ? 60 : 8); i > 0; i--) {
            inner.add(write(Verb.PUT));
        }
        return Operation.group(verb, inner);
    }

    private void multiGet() {
        List<String> wanted = new ArrayList<>(List.of(source()));
        for (int i = random.nextInt(8); i >= 0; i--) {
            wanted.add(words.key());
        }
        add(Verb.MULTIGET, wanted.toArray(String[]::new));
    }

    private void openIterator() {
        if (iterators.size() < mostIterators) {
            String source = source();
            add(Verb.ITER, named("i", iterators), source, words.range());
        }
    }

    private void onIterator(Verb verb, String word) {
        if (!iterators.isEmpty()) {
            String name = pick(iterators);
            if (word == null) {
                add(verb, name);
            } else {
                add(verb, name, word);
            }
        }
    }

    private void close() {
        List<List<String>> kinds = List.of(snapshots, iterators, checkpoints);
        List<String> kind = kinds.get(random.nextInt(kinds.size()));
        if (!kind.isEmpty()) {
            add(Verb.CLOSE, kind.remove(random.nextInt(kind.size())));
        }
    }

    /** One to three parts of the key space, each of a checkpoint of its own. */
    private void restore() {
        if (checkpoints.isEmpty() || stores.size() >= MOST_STORES) {
            return;
        }
        List<String> all = new ArrayList<>(List.of(named("S", stores), payload()));
        if (random.nextInt(3) == 0) {
            all.add(pick(checkpoints));
            all.add(words.range());
        } else {
            byte[][] cuts = words.pair();
            byte[][] borders = {null, cuts[0], cuts[1], null};
            for (int i = 0; i < 3; i++) {
                if (i == 0 || random.nextInt(5) > 0) {
                    all.add(pick(checkpoints));
                    all.add(Words.range(borders[i], borders[i + 1]));
                }
            }
        }
        add(Verb.RESTORE, all.toArray(String[]::new));
    }

    /** All entries of all stores and snapshots, before and after everything is at the bottom. */
    private void lookAtEverything() {
        for (String snapshot : snapshots) {
            add(Verb.SCAN, snapshot, Words.range(null, null), Words.FORWARD);
            add(Verb.SCAN, snapshot, Words.range(null, null), Words.REVERSE);
        }
        for (String store : stores) {
            add(Verb.USE, store);
            add(Verb.SCAN, Words.NOW, Words.range(null, null), Words.FORWARD);
            add(Verb.SCAN, Words.NOW, Words.range(null, null), Words.REVERSE);
            add(Verb.VERIFY);
            add(Verb.COMPACT);
            add(Verb.VERIFY);
            add(Verb.SCAN, Words.NOW, Words.range(null, null), Words.FORWARD);
            add(Verb.COMMIT, payload());
            add(Verb.REOPEN);
            add(Verb.SCAN, Words.NOW, Words.range(null, null), Words.REVERSE);
        }
    }

    private void add(Verb verb, String... all) {
        operations.add(Operation.of(verb, all));
    }

    private String named(String letter, List<String> known) {
        String name = letter + ++numbers;
        known.add(name);
        return name;
    }

    private String payload() {
        return "p" + ++numbers;
    }

    private String source() {
        return snapshots.isEmpty() || random.nextInt(3) > 0 ? Words.NOW : pick(snapshots);
    }

    private String direction() {
        return random.nextBoolean() ? Words.FORWARD : Words.REVERSE;
    }

    private String pick(List<String> from) {
        return from.get(random.nextInt(from.size()));
    }
}
