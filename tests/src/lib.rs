//! The house test bench: impairment proxy, network traces, checkers, and the one integration binary.
