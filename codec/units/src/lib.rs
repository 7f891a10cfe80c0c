//! Times, levels, rates and ids as types, so that no two of them can be mixed up.
