use super::*;
use crate::live::people::username;

fn from(number: usize) -> From {
    From::Person(username(number))
}

/// A board on which the first of two has sent and been answered so often.
fn board(messages: usize) -> (Board, Vec<String>) {
    let board = Board::new(2);
    let texts = (0..messages)
        .map(|_| {
            let (number, text) = board.begin(0, 0);
            board.acknowledge(0, number);
            text
        })
        .collect();
    (board, texts)
}

#[test]
fn what_both_receive_once_and_in_order_is_right() {
    let (board, texts) = board(2);
    assert_eq!(board.waiting(0), 2);
    for receiver in [0, 1] {
        for text in &texts {
            board.receive(receiver, text, &from(0));
        }
    }
    assert_eq!(board.waiting(0), 0);
    assert_eq!(board.faults(), Faults::default());
    let outcome = board.outcome(0);
    assert_eq!((outcome.sent, outcome.received, outcome.lost), (2, 4, 0));
    assert_eq!(board.outcome(1), Outcome::default());
}

#[test]
fn what_is_acknowledged_and_does_not_come_is_lost() {
    let (board, texts) = board(2);
    let (_number, _text) = board.begin(1, 0);
    board.receive(0, &texts[0], &from(0));
    let outcome = board.outcome(0);
    assert_eq!((outcome.lost, outcome.never_acknowledged), (3, 1));
    assert_eq!(board.faults().disagreeing, 1);
}

#[test]
fn a_gap_and_what_fills_it_later_are_out_of_order() {
    let (board, texts) = board(2);
    for text in [&texts[1], &texts[0]] {
        board.receive(1, text, &from(0));
    }
    assert_eq!(board.faults().out_of_order, 2);
}

#[test]
fn only_a_new_connection_excuses_a_repetition() {
    let (board, texts) = board(1);
    for _ in 0..2 {
        board.receive(1, &texts[0], &from(0));
    }
    assert_eq!(board.faults().repeated, 1);
    board.reconnected(1);
    board.receive(1, &texts[0], &from(0));
    let faults = board.faults();
    assert_eq!(
        (faults.repeated, faults.repeated_after_reconnecting),
        (1, 1)
    );
}

#[test]
fn a_message_of_others_or_without_its_sender_is_wrong() {
    let board = Board::new(4);
    let (_, text) = board.begin(0, 0);
    board.receive(2, &text, &from(0));
    board.receive(1, &text, &From::Nobody);
    board.receive(1, &text, &from(1));
    board.receive(1, "hello", &from(0));
    let faults = board.faults();
    assert_eq!(faults.wrong, 4);
    assert!(faults.is_bad());
}

#[test]
fn a_sender_may_be_unknown_for_a_while() {
    let (board, texts) = board(1);
    for receiver in [0, 1] {
        board.receive(receiver, &texts[0], &From::Unknown);
    }
    let faults = board.faults();
    assert_eq!((faults.without_sender, faults.is_bad()), (2, false));
    assert_eq!(board.outcome(0).lost, 0);
}
