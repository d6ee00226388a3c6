//! The latest requests a simulator received.

use std::collections::VecDeque;

/// The latest requests, oldest first, each with its number.
#[derive(Debug)]
pub struct Log<R> {
    requests: VecDeque<(u64, R)>,
    next: u64,
}

impl<R> Default for Log<R> {
    fn default() -> Self {
        Self { requests: VecDeque::new(), next: 0 }
    }
}

impl<R: Clone> Log<R> {
    /// How many requests there were so far.
    pub(crate) fn received(&self) -> u64 {
        self.next
    }

    /// Records a request, made with its number, and keeps at most `most`. Gives the number.
    pub(crate) fn add(&mut self, most: usize, request: impl FnOnce(u64) -> R) -> u64 {
        let sequence = self.next;
        self.next += 1;
        while self.requests.len() >= most.max(1) {
            self.requests.pop_front();
        }
        self.requests.push_back((sequence, request(sequence)));
        sequence
    }

    /// The request with this number, if it is still there.
    pub(crate) fn find(&mut self, sequence: u64) -> Option<&mut R> {
        let found = self.requests.iter_mut().rev().find(|(number, _)| *number == sequence);
        found.map(|(_, request)| request)
    }

    pub(crate) fn list(&self) -> Vec<R> {
        self.requests.iter().map(|(_, request)| request.clone()).collect()
    }

    /// Forgets the requests; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }
}
