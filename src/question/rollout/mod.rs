//! Whether what must pass passes all the time while objects are rolled out.
//!
//! A roll-out goes wave by wave ([`Wave`]), and within a wave in any order. So a wave can stop in as
//! many states as its steps have subsets. They are not counted: the program of a wave has its
//! objects under way ([`compile_moment`](crate::engine::compile_moment)), each with the form that it
//! had and the form that it gets, and an intent that is proved of it holds in every state.
//!
//! What is not proved may be a false alarm, where one object is asked about a packet twice. So a
//! state is looked for in which the packet is dropped, with one step done or one left, then two:
//! [`Cut::state`] is what was found. Where none is, the intent is told as not proven, and not as
//! cut.
//!
//! An intent that does not hold before is no fault of the roll-out: it is taken apart into its
//! addresses and ports, and those that pass before must pass all the time. What does not is asked
//! for at the end, and from the wave on after which it holds.
//!
//! | part | what it holds |
//! |---|---|
//! | `wave` | at which step of a roll-out an object is applied |
//! | `plan` | what is done in which wave |
//! | `asked` | what must hold, taken apart where it does not hold yet |
//! | `proof` | every wave of a roll-out, proven |
//! | `state` | a state in which a packet is dropped |

mod asked;
mod plan;
mod proof;
mod state;
mod wave;

pub use asked::wanted;
pub use plan::{Phase, Rollout, Step};
pub use proof::{Cut, PhaseProof, Proven, Whose, prove};
pub use state::State;
pub use wave::Wave;
