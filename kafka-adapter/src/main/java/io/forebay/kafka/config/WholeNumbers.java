package io.forebay.kafka.config;

import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigException;

/** Accepts whole numbers from {@code least} to {@code most}, both included. A refusal names both bounds. */
record WholeNumbers(long least, long most) implements ConfigDef.Validator {
    @Override
    public void ensureValid(String key, Object value) {
        if (!(value instanceof Number number) || number.longValue() < least || number.longValue() > most) {
            throw refusal(key, value);
        }
    }

    ConfigException refusal(String key, Object value) {
        return new ConfigException(key, value, "it must be a whole number " + this);
    }

    @Override
    public String toString() {
        return "from " + least + (most == Long.MAX_VALUE ? " on" : " to " + most);
    }
}
