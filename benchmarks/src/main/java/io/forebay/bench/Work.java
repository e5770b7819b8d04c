package io.forebay.bench;

import java.util.SplittableRandom;

/** The kinds of work that are timed. Each runs on a loaded store, except {@link #PUT}, which loads it. */
enum Work {
    PUT("put", true) {
        @Override
        long run(Engine engine, Keys keys, SplittableRandom random) {
            for (int i = 0; i < keys.count(); i++) {
                engine.put(keys.shuffled(i), keys.value(random));
            }
            return keys.count();
        }
    },
    GET_HIT("get hit", false) {
        @Override
        long run(Engine engine, Keys keys, SplittableRandom random) {
            int times = keys.count() / 2;
            for (int i = 0; i < times; i++) {
                byte[] value = engine.get(keys.present(random.nextInt(keys.count())));
                if (value == null) {
                    throw new IllegalStateException(engine.name() + " lost a key");
                }
            }
            return times;
        }
    },
    GET_MISS("get miss", false) {
        @Override
        long run(Engine engine, Keys keys, SplittableRandom random) {
            int times = keys.count() / 2;
            for (int i = 0; i < times; i++) {
                if (engine.get(keys.absent(random.nextInt(keys.count()))) != null) {
                    throw new IllegalStateException(engine.name() + " invented a key");
                }
            }
            return times;
        }
    },
    RMW_UNIFORM("read-modify-write, uniform", false) {
        @Override
        long run(Engine engine, Keys keys, SplittableRandom random) {
            return readModifyWrite(engine, keys, random, keys.count(), keys.count() / 2);
        }
    },
    RMW_HOT("read-modify-write, 5 % of the keys", false) {
        @Override
        long run(Engine engine, Keys keys, SplittableRandom random) {
            return readModifyWrite(engine, keys, random, Math.max(1, keys.count() / 20), keys.count());
        }
    },
    SEEK_10("seek + 10", false) {
        @Override
        long run(Engine engine, Keys keys, SplittableRandom random) {
            int times = keys.count() / 10;
            long sum = 0;
            for (int i = 0; i < times; i++) {
                sum += engine.scan(keys.present(random.nextInt(keys.count())), 10);
            }
            return sum == 0 ? 0 : times;
        }
    },
    SCAN("full scan, per entry", false) {
        @Override
        long run(Engine engine, Keys keys, SplittableRandom random) {
            return engine.scan(new byte[0], Integer.MAX_VALUE) == 0 ? 0 : keys.count();
        }
    },
    SCAN_BACKWARDS("full reverse scan, per entry", false) {
        @Override
        long run(Engine engine, Keys keys, SplittableRandom random) {
            return engine.scanBackwards() == 0 ? 0 : keys.count();
        }
    };

    private final String title;
    private final boolean loads;

    Work(String title, boolean loads) {
        this.title = title;
        this.loads = loads;
    }

    String title() {
        return title;
    }

    /** True when it needs an empty store. */
    boolean loads() {
        return loads;
    }

    /** @return number of operations done */
    abstract long run(Engine engine, Keys keys, SplittableRandom random);

    private static long readModifyWrite(Engine engine, Keys keys, SplittableRandom random, int range, int times) {
        for (int i = 0; i < times; i++) {
            byte[] key = keys.present(random.nextInt(range));
            byte[] value = engine.get(key);
            value[(int) (i & 7)]++;
            engine.put(key, value);
        }
        return times;
    }
}
