//! Ratings: how many reviews gave how many stars, their mean, and the score that agents are put in order by.
//!
//! Invariant: the score of an agent nobody reviewed is the mean of all agents; each review moves it from there towards the
//! agent's own mean, so that one review of five stars does not pass two hundred of 4.8.

use serde::{Deserialize, Serialize};

/// As how many reviews the mean of all agents counts.
const PRIOR_WEIGHT: f64 = 8.0;
/// The mean of all agents while there are none.
const PRIOR_MEAN: f64 = 3.5;

/// Reviews by their stars, one star first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stars(pub [i64; 5]);

impl Stars {
    /// Counts `reviews` more of `rating` stars; ratings there are not count nothing.
    pub fn add(&mut self, rating: i64, reviews: i64) {
        let index = usize::try_from(rating - 1).ok();
        if let Some(count) = index.and_then(|index| self.0.get_mut(index)) {
            *count = count.saturating_add(reviews);
        }
    }

    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.0.iter_mut().zip(other.0) {
            *count = count.saturating_add(more);
        }
    }

    pub fn count(&self) -> i64 {
        self.0.iter().sum()
    }

    fn sum(&self) -> i64 {
        (1..).zip(self.0).map(|(stars, count): (i64, i64)| stars * count).sum()
    }

    /// From 1 to 5; none without reviews.
    #[expect(clippy::cast_precision_loss, reason = "numbers of reviews are small")]
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum() as f64 / self.count() as f64)
    }
}

/// Where an agent with this rating and so many reviews stands among agents whose reviews have the mean `all`.
#[expect(clippy::cast_precision_loss, reason = "numbers of reviews are small")]
pub fn rating_score(rating: f64, reviews: i64, all: Option<f64>) -> f64 {
    let reviews = reviews.max(0) as f64;
    (rating * reviews + all.unwrap_or(PRIOR_MEAN) * PRIOR_WEIGHT) / (reviews + PRIOR_WEIGHT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_is_of_all_stars() {
        let mut stars = Stars::default();
        assert_eq!((stars.mean(), stars.count()), (None, 0));
        stars.add(5, 3);
        stars.add(2, 1);
        stars.add(9, 1);
        stars.add(0, 1);
        assert_eq!((stars.0, stars.count()), ([0, 1, 0, 0, 3], 4));
        assert_eq!(stars.mean(), Some(4.25));
    }

    #[test]
    fn one_review_does_not_pass_many() {
        let all = Some(4.0);
        let (one, many, none) =
            (rating_score(5.0, 1, all), rating_score(4.8, 200, all), rating_score(0.0, 0, all));
        assert!(one < many && none < one, "{none} {one} {many}");
        assert_eq!(none.to_string(), "4");
        assert!(rating_score(1.0, 3, all) < none);
    }
}
